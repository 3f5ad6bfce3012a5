"""Lane maps: the data model, the OpenDRIVE reader and writer, and road queries."""
