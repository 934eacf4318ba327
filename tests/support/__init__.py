"""What several tests share: projects, clones, stores, servers, simulated losses."""
