"""The local stage: the same CDK app on an emulator and real engines, all on 127.0.0.1."""
