test_fresh() { fail "not here yet" 2; }
