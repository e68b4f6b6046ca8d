"""What more than one package uses: params, files, images, tensors, weights, device, resuming, the command line."""
