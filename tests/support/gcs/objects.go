package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// xmlInterface answers requests for /bucket and /bucket/object.
//
// It writes through the JSON interface, which keeps its promise on generations under one lock: of two writers who ask
// for an object that is not there yet, one gets 412. Delta's commits stand on that.
type xmlInterface struct {
	server  *fakestorage.Server
	json    http.Handler
	lock    sync.Mutex
	uploads map[string]parts
	begun   int
}

func (x *xmlInterface) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case name == "" && r.Method == http.MethodGet:
		x.list(w, bucket, query)
	case query.Has("uploads") && r.Method == http.MethodPost:
		x.begin(w, bucket, name)
	case query.Has("uploadId"):
		x.goOn(w, r, bucket, name)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		x.get(w, r, bucket, name)
	case r.Method == http.MethodPut:
		x.put(w, r, bucket, name)
	case r.Method == http.MethodDelete:
		x.delete(w, bucket, name)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented", r.Method+" "+r.URL.String())
	}
}

func (x *xmlInterface) get(w http.ResponseWriter, r *http.Request, bucket, name string) {
	object, err := x.server.GetObjectStreaming(bucket, name)
	if err != nil {
		refuse(w, http.StatusNotFound, "NoSuchKey", name)
		return
	}
	defer object.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	mark(w, object.Etag, object.Generation)
	http.ServeContent(w, r, "", object.Updated, object.Content)
}

func (x *xmlInterface) put(w http.ResponseWriter, r *http.Request, bucket, name string) {
	if r.Header.Get("x-goog-copy-source")+r.Header.Get("x-amz-copy-source") != "" {
		refuse(w, http.StatusNotImplemented, "NotImplemented", "copying, which no reader asks for")
		return
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody", err.Error())
		return
	}
	x.store(w, r, bucket, name, content, nil)
}

// store puts the object if it has the generation that the request asks for, and says what `answer` makes of it.
func (x *xmlInterface) store(
	w http.ResponseWriter, r *http.Request, bucket, name string, content []byte, answer func(etag string) any,
) {
	query := url.Values{"uploadType": {"media"}, "name": {name}}
	if generation := r.Header.Get("x-goog-if-generation-match"); generation != "" {
		query.Set("ifGenerationMatch", generation)
	}
	path := fmt.Sprintf("/upload/storage/v1/b/%s/o?%s", bucket, query.Encode())
	done := x.ask(http.MethodPost, path, content)
	if done.Code != http.StatusOK {
		code := map[int]string{http.StatusPreconditionFailed: "PreconditionFailed"}[done.Code]
		refuse(w, done.Code, code, done.Body.String())
		return
	}
	var made struct{ Etag, Generation string }
	if err := json.Unmarshal(done.Body.Bytes(), &made); err != nil {
		refuse(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	generation, _ := strconv.ParseInt(made.Generation, 10, 64)
	mark(w, made.Etag, generation)
	if answer == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	say(w, http.StatusOK, answer(quoted(made.Etag)))
}

func (x *xmlInterface) delete(w http.ResponseWriter, bucket, name string) {
	path := fmt.Sprintf("/storage/v1/b/%s/o/%s", bucket, url.PathEscape(name))
	if done := x.ask(http.MethodDelete, path, nil); done.Code >= http.StatusBadRequest {
		refuse(w, done.Code, "NoSuchKey", name)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// ask puts a request to the JSON interface.
func (x *xmlInterface) ask(method, path string, content []byte) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, bytes.NewReader(content))
	request.Header.Set("Content-Type", "application/octet-stream")
	done := httptest.NewRecorder()
	x.json.ServeHTTP(done, request)
	return done
}

func mark(w http.ResponseWriter, etag string, generation int64) {
	w.Header().Set("ETag", quoted(etag))
	w.Header().Set("x-goog-generation", strconv.FormatInt(generation, 10))
}

func quoted(etag string) string {
	return `"` + strings.Trim(etag, `"`) + `"`
}
