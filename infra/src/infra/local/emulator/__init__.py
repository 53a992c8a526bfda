"""The AWS emulator with the corrections that the local stage needs.

Runs in the emulator's own environment (`python -m emulator`), so it imports nothing of the
repo. Each correction touches private parts of the pinned ministack; each says why, and first
states what it expects to find there: when a new release moves it, the emulator does not start
and names the correction that needs another look.
"""
