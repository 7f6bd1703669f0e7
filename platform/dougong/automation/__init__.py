"""When something happens, or time has come: then do this."""
