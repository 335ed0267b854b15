"""Measurements: what is measured of a run. Importing the package registers those of the catalogue, so that whatever a
plug-in registers comes after them."""

from experiments.measurements import catalogue as catalogue
