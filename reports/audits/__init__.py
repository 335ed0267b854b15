"""The section on audits of one run."""
