"""What learns: the model, its growth and its lineage."""
