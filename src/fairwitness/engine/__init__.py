"""From a config to judged findings: load, plan, run, judge, gate. It measures nothing itself."""
