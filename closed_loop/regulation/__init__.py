"""The driver models of UN Regulation 157 and the grids on which their crashes were published."""
