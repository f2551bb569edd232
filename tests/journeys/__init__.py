"""What people do, through nginx as their phones would."""
