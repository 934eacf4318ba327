"""What a choice by validation losses is worth: pure functions on matrices of row losses."""
