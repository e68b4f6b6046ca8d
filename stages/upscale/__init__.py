"""The stylized pictures larger, ready for print: Real-ESRGAN, or another network, over blended tiles."""
