package main

import "time"

const firstBalance = 1_000_000

// A request to an account: to transfer if there is a target, otherwise to deposit. The reply says
// that it is done.
type request struct {
	target chan<- request
	amount int
	reply  chan<- struct{}
}

// banking is Savina's. An account that transfers waits for the other's reply on a channel of its
// own. Money only goes from lower to higher accounts, so no two accounts wait for each other.
func banking(with parameters) round {
	began := time.Now()
	accounts, balances := make([]chan request, with["accounts"]), make(chan int)
	for i := range accounts {
		accounts[i] = make(chan request, mailbox)
		go account(accounts[i], balances)
	}
	completed := make(chan struct{}, mailbox)
	go order(accounts, with["transactions"], completed)
	count := 0
	for count < with["transactions"] {
		<-completed
		count++
	}
	for _, inbox := range accounts {
		close(inbox)
	}
	if total := sum(balances, len(accounts)); total != len(accounts)*firstBalance {
		fail("banking: there were %d, and are %d", len(accounts)*firstBalance, total)
	}
	return round{operations: with["transactions"], check: count, elapsed: time.Since(began)}
}

func order(accounts []chan request, transactions int, completed chan<- struct{}) {
	random := pseudoRandom(123456)
	sources := len(accounts) / 10 * 8
	if sources == 0 {
		sources = 1
	}
	for i := 0; i < transactions; i++ {
		source := random.next(sources)
		distance := random.next(len(accounts) - source)
		if distance == 0 {
			distance = 1
		}
		accounts[source] <- request{accounts[source+distance], random.next(1000), completed}
	}
}

func account(inbox <-chan request, balances chan<- int) {
	balance := firstBalance
	deposited := make(chan struct{}, 1)
	for asked := range inbox {
		if asked.target == nil {
			balance += asked.amount
		} else {
			balance -= asked.amount
			asked.target <- request{amount: asked.amount, reply: deposited}
			<-deposited
		}
		asked.reply <- struct{}{}
	}
	balances <- balance
}

// A request for the next term of a series.
type term struct {
	value float64
	reply chan<- float64
}

type series struct {
	number, computed int
	value            float64
}

// logMap is Savina's logistic map: a worker for each series asks a computer for one term after another.
func logMap(with parameters) round {
	began := time.Now()
	inboxes, results := make([]chan struct{}, with["series"]), make(chan series)
	for i := range inboxes {
		inboxes[i] = make(chan struct{}, mailbox)
		computer := make(chan term)
		go rateComputer(rate(i), computer)
		go seriesWorker(i, inboxes[i], computer, results)
	}
	for i := 0; i < with["terms"]; i++ {
		for _, inbox := range inboxes {
			inbox <- struct{}{}
		}
	}
	for _, inbox := range inboxes {
		close(inbox)
	}
	computed := 0
	for range inboxes {
		result := <-results
		if right := straight(result.number, with["terms"]); result.value != right {
			fail("log-map: series %d should end at %v, not %v", result.number, right, result.value)
		}
		computed += result.computed
	}
	return round{operations: with["terms"] * with["series"], check: computed, elapsed: time.Since(began)}
}

func seriesWorker(number int, inbox <-chan struct{}, computer chan<- term, results chan<- series) {
	value, computed := start(number), 0
	reply := make(chan float64)
	for range inbox {
		computer <- term{value, reply}
		value = <-reply
		computed++
	}
	close(computer)
	results <- series{number, computed, value}
}

func rateComputer(rate float64, inbox <-chan term) {
	for asked := range inbox {
		asked.reply <- nextTerm(rate, asked.value)
	}
}

func rate(number int) float64  { return 3.46 + float64(number)*0.0025 }
func start(number int) float64 { return float64(number) * 0.0025 }

func nextTerm(rate, value float64) float64 { return rate * value * (1 - value) }

func straight(number, terms int) float64 {
	value := start(number)
	for i := 0; i < terms; i++ {
		value = nextTerm(rate(number), value)
	}
	return value
}
