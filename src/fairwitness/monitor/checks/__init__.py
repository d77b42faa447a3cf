"""The checks of monitoring, one file each."""
