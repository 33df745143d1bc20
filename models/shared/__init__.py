"""What training and conversion have in common: spectra, the SNR-level block, and the form of what is delivered."""

SAMPLE_RATE_HZ = 16000
