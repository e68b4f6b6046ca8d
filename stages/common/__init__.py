"""What three or more packages use: params, files, images, tensors, weights, device, resuming, the command line."""
