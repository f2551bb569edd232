"""When something runs out, from the last weeks; and the day's peaks and quiet hours."""
