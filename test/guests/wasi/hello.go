// Does what a program of WASI usually does, and says what came of it.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	fmt.Println(len(os.Args), "arguments,", len(os.Environ()), "variables")
	input, err := io.ReadAll(os.Stdin)
	fmt.Printf("read %q %v\n", input, err)
	_, err = os.Open("/etc/passwd")
	fmt.Println("a file:", err != nil)
	_, err = rand.Read(make([]byte, 8))
	fmt.Fprintln(os.Stderr, "random:", err, "clock:", time.Now().Year() > 2000)
	fmt.Print("no line end")
	os.Exit(3)
}
