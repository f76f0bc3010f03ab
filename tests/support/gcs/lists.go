package main

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"sort"
	"strconv"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

const (
	instants = "2006-01-02T15:04:05.000Z"
	mostKeys = 1000
)

type failure struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

type entry struct {
	Key, LastModified, ETag string
	Size, Generation        int64
}

type prefix struct{ Prefix string }

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	IsTruncated           bool
	KeyCount              int
	NextContinuationToken string `xml:",omitempty"`
	Contents              []entry
	CommonPrefixes        []prefix
}

// list answers version 2 of a bucket's listing: keys and common prefixes in one order, so many at a time.
func (x *xmlInterface) list(w http.ResponseWriter, bucket string, query url.Values) {
	options := fakestorage.ListOptions{Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter")}
	objects, prefixes, err := x.server.ListObjectsWithOptions(bucket, options)
	if err != nil {
		refuse(w, http.StatusNotFound, "NoSuchBucket", bucket)
		return
	}
	found := map[string]*entry{}
	for _, name := range prefixes {
		found[name] = nil
	}
	for _, object := range objects {
		found[object.Name] = &entry{
			object.Name, object.Updated.UTC().Format(instants), quoted(object.Etag), object.Size, object.Generation,
		}
	}
	answer := listing{Name: bucket, Prefix: options.Prefix, Delimiter: options.Delimiter}
	names, more := page(found, query)
	for _, name := range names {
		if found[name] == nil {
			answer.CommonPrefixes = append(answer.CommonPrefixes, prefix{name})
		} else {
			answer.Contents = append(answer.Contents, *found[name])
		}
	}
	answer.KeyCount, answer.IsTruncated = len(names), more
	if more {
		answer.NextContinuationToken = names[len(names)-1]
	}
	say(w, http.StatusOK, answer)
}

// page is what comes after the place that the request names, in order, and whether there is more.
func page(found map[string]*entry, query url.Values) ([]string, bool) {
	after := max(query.Get("start-after"), query.Get("continuation-token"))
	most, err := strconv.Atoi(query.Get("max-keys"))
	if err != nil || most > mostKeys {
		most = mostKeys
	}
	var names []string
	for name := range found {
		if name > after {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names[:min(most, len(names))], len(names) > most
}

func say(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(xml.Header))
	_ = xml.NewEncoder(w).Encode(answer)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	say(w, status, failure{Code: code, Message: message})
}
