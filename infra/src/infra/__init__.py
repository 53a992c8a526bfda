"""CDK app, local stage and the starling command."""
