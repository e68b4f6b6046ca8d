"""The stylized pictures four times larger, ready for print: Real-ESRGAN over blended tiles."""
