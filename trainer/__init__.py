"""SecTag's trainer: from labelled records to a model directory, one step and one immutable run folder at a time."""
