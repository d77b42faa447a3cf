"""Federation: training and auditing where the data stay; clients send updates or counts, never rows."""
