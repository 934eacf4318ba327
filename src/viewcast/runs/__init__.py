"""One job each, from configuration to files: a run, the plan, a sweep, an audit, the final test."""
