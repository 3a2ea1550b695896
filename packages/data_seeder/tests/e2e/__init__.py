"""Tests of the image of data_seeder, in a container engine."""
