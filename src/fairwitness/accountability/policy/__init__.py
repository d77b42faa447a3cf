"""Who may let a system into use, on what evidence, until when: roles, policy as code, sign-offs and the gate."""
