"""The embedded server of mail: it keeps every message in a folder and sends none on."""
