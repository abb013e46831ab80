package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"time"
)

// scrape is the program "scrape RE URL...": the lines of each URL's metrics that match,
// in order.
func scrape() {
	if err := scrapeAll(regexp.MustCompile(os.Args[1]), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "scrape:", err)
		os.Exit(1)
	}
}

func scrapeAll(re *regexp.Regexp, urls []string) error {
	client := &http.Client{Timeout: 20 * time.Second}
	for _, url := range urls {
		answer, err := client.Get(url)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() {
			if re.MatchString(lines.Text()) {
				fmt.Println(url, lines.Text())
			}
		}
		answer.Body.Close()
		if err := lines.Err(); err != nil {
			return err
		}
	}
	return nil
}
