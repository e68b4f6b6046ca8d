"""How far the generated pictures are from works that nobody trained on: KID and FID with their floors."""
