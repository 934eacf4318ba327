"""The published protocols of forecasting many videos, by the product's own classes."""
