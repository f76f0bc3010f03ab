package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
)

// Bucket, object, and its new name.
var ofMoves = regexp.MustCompile(`^/storage/v1/b/([^/]+)/o/([^/]+)/moveTo/o/([^/]+)$`)

// move gives an object another name, if both have the generations that the request asks for, as the JSON interface does.
func (x *xmlInterface) move(w http.ResponseWriter, r *http.Request, bucket, from, to string) {
	source, _ := url.PathUnescape(from)
	target, _ := url.PathUnescape(to)
	object, err := x.server.GetObject(bucket, source)
	if err != nil {
		http.Error(w, `{"error": {"code": 404, "message": "no such object"}}`, http.StatusNotFound)
		return
	}
	asked := r.URL.Query().Get("ifSourceGenerationMatch")
	if asked != "" && asked != strconv.FormatInt(object.Generation, 10) {
		http.Error(w, `{"error": {"code": 412, "message": "another generation"}}`, http.StatusPreconditionFailed)
		return
	}
	query := url.Values{"uploadType": {"media"}, "name": {target}}
	if asked := r.URL.Query().Get("ifGenerationMatch"); asked != "" {
		query.Set("ifGenerationMatch", asked)
	}
	done := x.ask(http.MethodPost, fmt.Sprintf("/upload/storage/v1/b/%s/o?%s", bucket, query.Encode()), object.Content)
	if done.Code == http.StatusOK {
		x.ask(http.MethodDelete, fmt.Sprintf("/storage/v1/b/%s/o/%s", bucket, from), nil)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(done.Code)
	_, _ = w.Write(done.Body.Bytes())
}
