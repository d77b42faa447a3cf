"""Monitoring: the audited numbers over time, with alarms whose false-alarm rate is stated."""
