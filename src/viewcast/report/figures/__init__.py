"""The pictures of the report: one noun per file, each a function from results to drawings."""
