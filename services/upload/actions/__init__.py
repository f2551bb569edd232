"""What upload does: one file and one public function for each."""
