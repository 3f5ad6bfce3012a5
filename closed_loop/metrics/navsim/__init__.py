"""The driving scores of NAVSIM: PDMS (version 1) and EPDMS (version 2)."""
