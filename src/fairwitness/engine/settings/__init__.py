"""The tables of `audit.toml`, each a frozen model; `engine.config` has them all."""
