"""Jobs from configuration to files: run, plan, experiments, sweep, audit, final test."""
