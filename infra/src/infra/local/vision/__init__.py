"""The local stage's eyes: Amazon Rekognition's `DetectText`, answered by a real OCR model.

Runs in an environment of its own (`python -m vision`), so it imports nothing of the repo. It
fetches pictures from the stage's own S3 and reads them with PP-OCR, whose models are part of
an installed package: nothing leaves this machine.
"""
