// The peer in Go: it speaks the protocol of ../README.md. An actor is a goroutine and its mailbox a
// channel, all on one thread.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// parameters are whole numbers. One whose default is 0 is an option. All others are at least 1,
// except bytes.
type parameters map[string]int

// round is a result: the operations that there were to do, and those that the goroutines counted.
type round struct {
	operations, check int
	elapsed           time.Duration
	// beside has more keys of the answer.
	beside map[string]any
}

// A scenario plays one round for each call of run.
type scenario struct {
	name     string
	defaults []parameter
	run      func(parameters) round
}

type parameter struct {
	name  string
	value int
}

var scenarios = []scenario{
	{"ping-pong", []parameter{{"pairs", 1}, {"bytes", 8}, {"messages", 200_000}, {"move", 0}}, pingPong},
	{"fan-in", []parameter{{"senders", 1000}, {"messages", 200_000}}, fanIn},
	{"fan-out", []parameter{{"receivers", 1000}, {"messages", 200_000}}, fanOut},
	{"thread-ring", []parameter{{"actors", 100}, {"hops", 100_000}}, threadRing},
	{"counting", []parameter{{"messages", 1_000_000}}, counting},
	{"fork-join-throughput", []parameter{{"actors", 60}, {"messages", 10_000}}, forkJoinThroughput},
	{"fork-join-create", []parameter{{"workers", 40_000}}, forkJoinCreate},
	{"big", []parameter{{"actors", 120}, {"pings", 20_000}}, big},
	{"chameneos", []parameter{{"chameneos", 100}, {"meetings", 200_000}}, chameneos},
	{"bounded-buffer", []parameter{{"buffer", 50}, {"producers", 40}, {"consumers", 40}, {"items", 1000}, {"cost", 0}, {"channel", 0}},
		boundedBuffer},
	{"banking", []parameter{{"accounts", 1000}, {"transactions", 50_000}}, banking},
	{"log-map", []parameter{{"terms", 25_000}, {"series", 10}}, logMap},
	{"spawn", []parameter{{"count", 20_000}}, spawnOneByOne},
	{"spawn-storm", []parameter{{"count", 10_000}}, spawnStorm},
	{"memory", []parameter{{"actors", 10_000}}, memory},
}

func main() {
	runtime.GOMAXPROCS(1)
	arguments := os.Args[1:]
	if len(arguments) == 0 {
		fail("usage: peer <scenario> [key=value ...], or peer --list")
	}
	if arguments[0] == "--list" {
		for _, each := range scenarios {
			list(each)
		}
		return
	}
	chosen := find(arguments[0])
	play(chosen, settings(chosen, arguments[1:]))
}

func play(chosen scenario, with parameters) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if lines.Text() != "round" {
			fail(`stdin: expected "round", not %q`, lines.Text())
		}
		played := chosen.run(with)
		if played.check != played.operations {
			fail("%s: %d operations, but %d were counted", chosen.name, played.operations, played.check)
		}
		answer := map[string]any{
			"scenario":   chosen.name,
			"operations": played.operations,
			"elapsedMs":  float64(played.elapsed) / float64(time.Millisecond),
			"check":      played.check,
		}
		for key, value := range played.beside {
			answer[key] = value
		}
		printLine(answer)
	}
	if err := lines.Err(); err != nil {
		fail("stdin: %v", err)
	}
}

func find(name string) scenario {
	for _, each := range scenarios {
		if each.name == name {
			return each
		}
	}
	fail("there is no scenario %s; --list prints those that there are", name)
	return scenario{}
}

func settings(chosen scenario, arguments []string) parameters {
	with := parameters{}
	for _, each := range chosen.defaults {
		with[each.name] = each.value
	}
	for _, argument := range arguments {
		key, text, _ := strings.Cut(argument, "=")
		before, known := with[key]
		value, err := strconv.Atoi(text)
		if !known || err != nil || value < 0 || (value == 0 && before > 0 && key != "bytes") {
			fail("%s is no setting of this scenario; --list prints the parameters", argument)
		}
		with[key] = value
	}
	return with
}

func list(each scenario) {
	with := parameters{}
	for _, one := range each.defaults {
		with[one.name] = one.value
	}
	printLine(map[string]any{"scenario": each.name, "parameters": with})
}

func printLine(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		fail("%v", err)
	}
	fmt.Println(string(line))
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

// share is the part of a total that each actor does, rounded down.
func share(total, actors int) int {
	if total < actors {
		return 1
	}
	return total / actors
}
