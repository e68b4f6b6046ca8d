"""What every stage shares: params, pictures, reports, weights, device, and the way a door fails."""
