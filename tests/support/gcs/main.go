// A Google Cloud Storage of the tests: fake-gcs-server, which speaks Google's JSON interface, and beside it, on the same
// objects, what that lacks: moving an object, and most of Google's XML interface.
//
// https://cloud.google.com/storage/docs/xml-api/overview says what each request does; nobody is asked for an account.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// Where the JSON interface is; every other path is a bucket's.
var ofJSON = []string{"/storage/v1/", "/upload/", "/download/", "/batch/", "/_internal/"}

func main() {
	port := flag.Int("port", 0, "where to listen, on loopback")
	bucket := flag.String("bucket", "", "the bucket that there is")
	flag.Parse()
	address := fmt.Sprintf("127.0.0.1:%d", *port)
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		NoListener: true, Scheme: "http", ExternalURL: "http://" + address, PublicHost: address, Writer: os.Stderr,
	})
	if err != nil {
		log.Fatal(err)
	}
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: *bucket})
	log.Fatal(http.ListenAndServe(address, both(server)))
}

func both(server *fakestorage.Server) http.Handler {
	json := server.HTTPHandler()
	xml := &xmlInterface{server: server, json: json, uploads: map[string]parts{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if found := ofMoves.FindStringSubmatch(r.URL.EscapedPath()); found != nil && r.Method == http.MethodPost {
			xml.move(w, r, found[1], found[2], found[3])
			return
		}
		for _, prefix := range ofJSON {
			if strings.HasPrefix(r.URL.Path, prefix) {
				json.ServeHTTP(w, r)
				return
			}
		}
		log.Printf("XML %s %s %s", r.Method, r.URL, r.Header.Get("Range"))
		xml.ServeHTTP(w, r)
	})
}
