module trunkconfigurator

go 1.19
