"""The machine room: uploads become images, images become processes, processes get addresses."""
