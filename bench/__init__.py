"""Every claim about speed and size, measured against its baseline in the same run."""
