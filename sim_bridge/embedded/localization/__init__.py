"""Satellite positioning, wheel odometry and gyro of the ego, with the errors that such sensors have."""
