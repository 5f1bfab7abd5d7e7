"""The model: exported (ONNX Runtime) in `encoder`, fine-tuned (torch) in `training`."""
