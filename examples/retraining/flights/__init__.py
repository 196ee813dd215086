"""An example: a model that is trained anew when its data drift, and the way back."""
