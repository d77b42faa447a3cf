"""Models that were made elsewhere: estimators, ONNX graphs, exported programs, networks with named outputs."""
