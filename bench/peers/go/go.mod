module isopod/bench/peers/go

go 1.19
