"""The commands of `starling`, a module each."""
