"""Where new days come from: one class and one YAML file of conf/source/ per source."""
